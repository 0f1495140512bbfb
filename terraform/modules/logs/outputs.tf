output "buckets" {
  description = "Log buckets: `executions`, `access`, `audit` => id."
  value = {
    for name, bucket in google_logging_project_bucket_config.default : name => bucket.id
  }
}

output "views" {
  description = "Log views, one for each group of readers: name => id."
  value       = { for name, view in google_logging_log_view.default : name => view.name }
}
