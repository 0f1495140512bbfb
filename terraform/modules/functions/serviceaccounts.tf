locals {
  _pairs = {
    for name, function in var.functions : name => [
      for role in function.roles : trimprefix(role, "kms.wrap.")
      if startswith(role, "kms.wrap.")
      && contains(function.roles, replace(role, "kms.wrap.", "kms.unwrap."))
    ]
  }
}

resource "google_service_account" "default" {
  for_each     = var.functions
  project      = var.project_id
  account_id   = "fn-${each.key}"
  display_name = "Function ${each.key}"
  description  = each.value.summary

  lifecycle {
    precondition {
      condition     = length(local.unknown[each.key]) == 0
      error_message = <<-EOT
        The function ${each.key} declares ${join(", ", local.unknown[each.key])}, of which Terraform
        knows no role or no such key, secret, bucket or database: see modules/functions/role-grants.json.
      EOT
    }

    precondition {
      condition     = length(local._pairs[each.key]) == 0
      error_message = <<-EOT
        The function ${each.key} would both wrap and unwrap ${join(", ", local._pairs[each.key])}:
        one that makes key pairs must not open them. Split it in two.
      EOT
    }
  }
}

# A workflow deploys as an account of its own, and may hand over these accounts and no other.
resource "google_service_account_iam_member" "deployer" {
  for_each = var.deployer == null ? {} : google_service_account.default

  service_account_id = each.value.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}
