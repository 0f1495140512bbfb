output "archive_bucket" {
  description = "Name of the bucket of billing records."
  value       = google_storage_bucket.default["archive"].name
}

output "checkpoint_bucket" {
  description = "Name of the bucket of the audit trail's signed checkpoints."
  value       = google_storage_bucket.default["checkpoints"].name
}

output "export_bucket" {
  description = "Name of the bucket of archives of accounts."
  value       = google_storage_bucket.default["exports"].name
}

output "workspace_bucket" {
  description = "Name of the bucket of workspaces, PADDOCK_WORKSPACE_BUCKET to the functions."
  value       = google_storage_bucket.default["workspaces"].name
}
