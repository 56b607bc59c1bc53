resource "google_firestore_database" "source" {
  count = var.create_source_database ? 1 : 0

  name                              = var.source_database
  location_id                       = var.firestore_location
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.service]
}

# Leases with their fences, run records and quarantine: losing them would cost a day's wait and all explanations.
resource "google_firestore_database" "bookkeeping" {
  name                              = var.bookkeeping_database
  location_id                       = var.firestore_location
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.deletion_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.deletion_protection ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.service]
}

# An empty index_config takes the field out of every index.
resource "google_firestore_field" "bookkeeping" {
  for_each = { for one in local.firestore.bookkeeping_fields : "${one.collection}.${one.field}" => one }

  database   = google_firestore_database.bookkeeping.name
  collection = each.value.collection
  field      = each.value.field

  index_config {}

  dynamic "ttl_config" {
    for_each = each.value.ttl ? [true] : []
    content {}
  }
}
