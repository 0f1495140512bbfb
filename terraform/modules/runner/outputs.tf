output "account" {
  description = "Address of the runner's service account."
  value       = local.account
}

output "accounts" {
  description = "The runner's account, in the form of the functions' list."
  value = [{
    account  = local.account
    reason   = "tells the gateway by its identity token that a runner calls"
    resource = "nothing"
    role     = "none"
  }]
}

output "jobs" {
  description = "Names of the jobs, once they exist."
  value       = [for job in google_cloud_run_v2_job.default : job.name]
}
