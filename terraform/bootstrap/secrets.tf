locals {
  secrets = {
    gateway-tokens = "Sign the tokens that executions and gateways show each other"
    mail-login     = "Opens the relay that takes mail; {} for one that asks for no password"
    peppers        = "Under which API keys are checked before anything is read"
    provider-keys  = "Keys of model providers, which model-gateway alone may read"
  }
}

# Containers alone: a value is added by the deploy script, and never passes through Terraform.
resource "google_secret_manager_secret" "default" {
  for_each = local.secrets

  project             = var.project_id
  secret_id           = each.key
  annotations         = { purpose = each.value }
  deletion_protection = var.protection.deletion
  # What was destroyed by mistake can be had again for a week.
  version_destroy_ttl = "${7 * 24 * 3600}s"

  replication {
    user_managed {
      dynamic "replicas" {
        for_each = toset(var.secret_regions)

        content {
          location = replicas.value
        }
      }
    }
  }

  depends_on = [google_project_service.default]
}
