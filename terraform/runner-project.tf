# What a project of their own for runners needs besides network and jobs. Bootstrap makes the project.

# All of its logs come to this project's buckets, by the same classes: nobody has to look there.
resource "google_logging_project_sink" "runner" {
  for_each = {
    for name, sink in module.logs.runner_sinks : name => sink if var.runner_project != null
  }
  project                = var.runner_project.id
  name                   = each.key
  description            = "to the bucket ${each.value.bucket} of ${var.project_id}"
  destination            = each.value.destination
  filter                 = each.value.filter
  unique_writer_identity = true
}

resource "google_project_iam_member" "runner_logs" {
  for_each = google_logging_project_sink.runner
  project  = var.project_id
  role     = "roles/logging.bucketWriter"
  member   = each.value.writer_identity

  condition {
    title       = "log bucket ${module.logs.runner_sinks[each.key].bucket}"
    description = "writes what the runners' project logs, and reads nothing"
    expression = format(
      "resource.name.endsWith('/buckets/%s')",
      module.logs.runner_sinks[each.key].bucket,
    )
  }
}

# Its policy asks this project's attestor.
resource "google_binary_authorization_attestor_iam_member" "runner" {
  for_each = var.attestation ? local._runner_project : {}
  project  = var.project_id
  attestor = "built-by-cloud-build"
  role     = "roles/binaryauthorization.attestorsVerifier"
  member = format(
    "serviceAccount:service-%s@gcp-sa-binaryauthorization.iam.gserviceaccount.com",
    each.value.number,
  )
}

module "runner_policies" {
  for_each   = var.organization_policies ? local._runner_project : {}
  source     = "./modules/policies"
  project_id = each.value.id
  enabled    = true
}
