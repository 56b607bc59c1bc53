"""Why a document was refused: the closed list of reason codes that quarantine, run records and alerts share."""

from enum import StrEnum


class Reason(StrEnum):
    """One code per way a document can be wrong, in order of precedence when several apply."""

    TOO_LARGE = "TOO_LARGE"
    KEY_MISMATCH = "KEY_MISMATCH"
    MISSING_FIELD = "MISSING_FIELD"
    BAD_TYPE = "BAD_TYPE"
    NOT_FINITE = "NOT_FINITE"
    NAIVE_TIME = "NAIVE_TIME"
    UNKNOWN_ENUM = "UNKNOWN_ENUM"
    NOT_POSITIVE = "NOT_POSITIVE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    EXIT_BEFORE_ENTRY = "EXIT_BEFORE_ENTRY"
    BROKER_ORDER_MISSING = "BROKER_ORDER_MISSING"
    BROKER_NOT_FILLED = "BROKER_NOT_FILLED"
    MISSING_FILL_PRICE = "MISSING_FILL_PRICE"
    FEE_RATE_UNKNOWN = "FEE_RATE_UNKNOWN"
    STOCK_SPLIT = "STOCK_SPLIT"

    @property
    def advice(self) -> str:
        """What a person does next, in one sentence."""
        return _ADVICE[self]


_ADVICE = {
    Reason.TOO_LARGE: "Remove the oversized fields from the document; the next run archives it.",
    Reason.KEY_MISMATCH: "The id inside the document differs from the document's own id; correct the field.",
    Reason.MISSING_FIELD: "Add the named field to the document; the next run archives it.",
    Reason.BAD_TYPE: "Write the named field with the type the data dictionary states.",
    Reason.NOT_FINITE: "Replace NaN or infinity in the named field by a real number.",
    Reason.NAIVE_TIME: "Write the named time as a timestamp or as RFC 3339 with its offset.",
    Reason.UNKNOWN_ENUM: "Use one of the allowed values, or add the new value to the schema.",
    Reason.NOT_POSITIVE: "Prices and quantities must be above zero; correct the named field.",
    Reason.OUT_OF_RANGE: "The number or time lies outside what the table can hold; correct the named field.",
    Reason.EXIT_BEFORE_ENTRY: "The exit lies before the entry; correct one of the two times.",
    Reason.BROKER_ORDER_MISSING: "The broker does not know the order: check the order ids and the account's keys.",
    Reason.BROKER_NOT_FILLED: "Check the order ids: the broker's fills are none, not all yet, or not this position's.",
    Reason.MISSING_FILL_PRICE: "No fill price is stated yet; the next run asks again, or run price-patch or add it.",
    Reason.FEE_RATE_UNKNOWN: "The fee table has no rate for that date; extend it with its source.",
    Reason.STOCK_SPLIT: "Entry and exit are of different shares: reckon by hand what it earned, and leave it here.",
}
