# What may run: images that Cloud Build of this project has built and attested, and no other. Its
# attestor comes into being with the first build. An image that somebody pushes past it starts no container.
resource "google_binary_authorization_policy" "default" {
  for_each    = local.attested_projects
  project     = each.value
  description = "Images that Cloud Build has attested"
  # Google's own images, which no service here names.
  global_policy_evaluation_mode = "ENABLE"

  default_admission_rule {
    evaluation_mode         = "REQUIRE_ATTESTATION"
    enforcement_mode        = "ENFORCED_BLOCK_AND_AUDIT_LOG"
    require_attestations_by = ["projects/${var.project_id}/attestors/built-by-cloud-build"]
  }
}

locals {
  attested_projects = var.attestation ? merge(
    { main = var.project_id },
    { for name, project in local._runner_project : name => project.id },
  ) : {}
}
