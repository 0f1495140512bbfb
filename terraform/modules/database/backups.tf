# None of `keys`: a pair that was destroyed would come back with it.
resource "google_firestore_backup_schedule" "main" {
  project   = var.project_id
  database  = google_firestore_database.default["main"].name
  retention = "${var.backup.retention_weeks * 7 * 86400}s"

  daily_recurrence {}
}
