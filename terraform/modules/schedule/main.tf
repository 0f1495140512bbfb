locals {
  account = "scheduler@${var.project_id}.iam.gserviceaccount.com"

  jobs = merge([
    for name, function in var.functions : {
      for route in function.routes :
      "${name}-${reverse(split("/", route.path))[0]}" => {
        cron     = route.cron
        deadline = function.limits.timeoutSeconds + 10
        function = name
        method   = route.method
        path     = route.path
        summary  = route.summary
      } if route.cron != null
    }
  ]...)
}

# It has no role anywhere: the functions know it by the identity token it shows.
resource "google_service_account" "default" {
  project      = var.project_id
  account_id   = "scheduler"
  display_name = "Scheduler"
  description  = "Identity of Cloud Scheduler's calls; holds no role."
}

# A workflow deploys as an account of its own, and may hand over this one.
resource "google_service_account_iam_member" "deployer" {
  count = var.deployer == null ? 0 : 1

  service_account_id = google_service_account.default.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

resource "google_cloud_scheduler_job" "default" {
  for_each         = local.jobs
  project          = var.project_id
  region           = var.region
  name             = each.key
  description      = each.value.summary
  schedule         = each.value.cron
  time_zone        = "Etc/UTC"
  attempt_deadline = "${max(15, each.value.deadline)}s"

  # What failed is due again at the next tick.
  retry_config {
    retry_count = 0
  }

  http_target {
    http_method = each.value.method
    uri         = "${var.uris[each.value.function]}${each.value.path}"

    oidc_token {
      audience              = var.audience
      service_account_email = local.account
    }
  }

  depends_on = [google_service_account.default, google_service_account_iam_member.deployer]
}
