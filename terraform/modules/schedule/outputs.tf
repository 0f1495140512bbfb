output "account" {
  description = "Address of the scheduler's service account."
  value       = local.account
}

output "accounts" {
  description = "The scheduler's account, in the form of the functions' list."
  value = [{
    account  = local.account
    reason   = "tells maintenance by its identity token that Scheduler calls"
    resource = "nothing"
    role     = "none"
  }]
}

output "jobs" {
  description = "Names of the jobs."
  value       = [for job in google_cloud_scheduler_job.default : job.name]
}
