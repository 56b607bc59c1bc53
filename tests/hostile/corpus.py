"""Texts that have hurt other systems: numbers that are almost numbers, times, tricks of Unicode, SQL, and names."""

NUMBERS = (
    *("0", "-0", "+1", "1.", ".5", "1e2", "1E+2", "1e-9", "4e-10", "5e-324", "1e28", "9" * 29 + "." + "9" * 9),
    *("9" * 29 + ".9999999995", "1e29", "-1e29", "1e308", "1e309", "1e999", "1e9999", "-1e-999", "9" * 5000),
    *("0." + "3" * 5000, str(2**63), str(2**70), str(-(2**70)), "0x10", "0b1", "1_000", "1,5", "1.234,56", "1 000"),
    *(" 1", "1 ", "\t1", "1\n", "１２", "٣", "½", "Ⅷ", "−1", "1e", "e5", "--1", "1.2.3", "$5", "5 USD", "NaN", "-nan"),
    *("sNaN", "inf", "-Infinity", "INF", "true", "null", "None", ""),
)
TIMES = (
    *("2021-09-01T00:00:00Z", "2021-09-01T03:00:00+14:00", "2021-09-01T03:00:00-12:00", "2021-09-01T03:00:00+05:45"),
    *("2021-09-01t03:00:00z", "2021-09-01 03:00:00.123456789Z", "2021-09-01T03:00:00.9999999999Z"),
    *("2020-02-29T23:59:59.999999Z", "2021-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "2100-02-29T00:00:00Z"),
    *("2016-12-31T23:59:60Z", "2021-09-01T24:00:00Z", "2021-09-01T23:60:00Z", "2021-13-01T00:00:00Z"),
    *("2021-03-14T02:30:00-05:00", "2021-11-07T01:30:00-04:00", "2021-11-07T01:30:00-05:00", "2021-03-28T02:30:00"),
    *("2021-09-01T00:00:00", "2021-09-01 00:00:00", "2021-09-01", "20210901T000000Z", "2021-W35-3", "2021-244"),
    *("0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "10000-01-01T00:00:00Z"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1999-12-31T23:59:59.999999Z", "2099-12-31T23:59:59Z"),
    *("2100-01-01T00:00:00Z", "2021-09-01T00:00:00+24:00", "2021-09-01T00:00:00+99:99", "2021-09-01T00:00:00 +01:00"),
    *("2021-09-01T00:00Z", "2021-09-01T00Z", "Wed, 01 Sep 2021 00:00:00 GMT", "1630454400", "now", "２０２１-09-01T00:00:00Z"),
    *("2021-09-01T00:00:00Z\n", " 2021-09-01T00:00:00Z", "2021-09-01T00:00:00,5Z", "-001-01-01T00:00:00Z"),
)
UNICODE = (
    *("\x00", "a\x00b", "\x01\x02\x1f\x7f", "\x80\x9f", "\r\n", "\t", "\x1b[31mred\x1b[0m", "\u2028\u2029", "\ufeff"),
    *("\u202e\u0664\u0661drow", "a\u200db", "\u200b", "e\u0301", "\u00e9", "Å", "Å", "ﬁ", "İ", "ß", "ﷺ", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙"),
    *("😀", "👩\u200d👩\u200d👧\u200d👦", "\U0010ffff", "\ufffe", "\uffff", "\ue000", "日本語", "Ωмега", "شركة", "   ", "."),
)
INJECTIONS = (
    *("'", '"', "`", "\\", "\\'", "''", "');", "x'); DROP TABLE fact_trades; --", "' OR '1'='1", "1; SELECT 1", "/* */"),
    *("` WHERE TRUE; DELETE FROM `fact_trades` WHERE TRUE; --", "@known", "@p0", "?", "%s", "{}", "{0}", "${jndi:ldap://x}"),
    *("' UNION SELECT * FROM `trading.fact_trades` --", "x' AND 1=CAST((SELECT 1) AS INT64) --", "%27%20OR%201=1", "$1"),
    *("_PARTITIONTIME", "_PARTITIONDATE", "_TABLE_SUFFIX", "__NULL__", "__UNPARTITIONED__", "fact_trades$20210901"),
    *("'''", '"""', "r'\\n'", "\\u0000", "\\x00", "&lt;", "<script>alert(1)</script>", "../../etc/passwd", "%00", "%2f.."),
    *("NULL", "null", "undefined", "-- ", "#", ";", "|| '", "CHR(39)", "\nGO\n", "{{7*7}}", "=1+1", "@SUM(1)", "\ud7ff"),
)
WORDS = (
    *("LONG", "SHORT", "buy", "sell", "Buy", "CLOSED", "OPEN", "closed", "EXPIRED", "WAITING", "TP1_HIT", "TP_HIT"),
    *("CRYPTO", "EQUITY", "OPTION", "BTC/USD", "AAPL", "AAPL260918C00150000", "EXECUTED", "THEORETICAL", "FILTERED"),
)
NAMES = (
    *("a.b", "`a`", "a`b", "\\", ".", "..", "a/b", "*", "~", "[0]", "$ref", "$timestamp", "$double", "$map", "$", " ", "\x00"),
    *("_PARTITIONTIME", "_PARTITIONDATE", "_TABLE_SUFFIX", "_CHANGE_TYPE", "DROP TABLE `fact_trades`; --", "ds", "run_id"),
    *("source_rev", "source_path", "source_extra", "revised_by", "archived_at", "trade_id", "document_id", "id", "_id"),
    *("model_config", "model_fields", "model_extra", "model_dump", "extra", "KEY", "SPELLINGS", "self", "cls", "class"),
    *("columns", "tradable", "exit_order_ids", "_one_spelling", "_key_matches", "proto", "constructor", "toString"),
    *("QTY", "Qty", "qty ", "Px", "px", "SYMBOL", "e\u0301", "\u00e9", "\u202eytq", "😀", "日本", "1", "0x", "-", "x" * 1500),
)
RESERVED_NAMES = ("__proto__", "__id__", "__name__", "__dict__", "__class__", "")
"""Names that Firestore refuses at the top of a document, and broker JSON may hold."""
