output "names" {
  description = "Names of the policies that are set."
  value       = [for name, policy in google_org_policy_policy.default : name]
}
