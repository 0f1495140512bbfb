output "accounts" {
  description = "The front's account, in the form of the functions' list."
  value = [{
    account  = local.account
    reason   = "calls the functions of its side, which check the caller"
    resource = "each function of the side ${var.side}"
    role     = "roles/run.invoker"
  }]
}

output "member" {
  description = "The front's account as a member of policies, once it exists."
  value       = "serviceAccount:${local.account}"

  depends_on = [google_service_account.default]
}
