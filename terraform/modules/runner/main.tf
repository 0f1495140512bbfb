locals {
  account = "runner@${var.project_id}.iam.gserviceaccount.com"
}

# It has no role anywhere: its token tells the gateway that a runner calls, and buys nothing.
resource "google_service_account" "default" {
  project      = var.project_id
  account_id   = "runner"
  display_name = "Runner"
  description  = "Identity of execution containers; holds no role."
}

# A workflow deploys as an account of its own, and may hand over this one.
resource "google_service_account_iam_member" "deployer" {
  count = var.deployer == null ? 0 : 1

  service_account_id = google_service_account.default.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

resource "google_cloud_run_v2_job" "default" {
  for_each = var.jobs
  project  = var.project_id
  location = var.region
  name     = each.key
  labels   = var.labels
  # A job holds no state; protected, one whose first apply failed could never be replaced.
  deletion_protection = false

  dynamic "binary_authorization" {
    for_each = var.attested ? [true] : []

    content {
      use_default = true
    }
  }

  template {
    # One container for one execution, used once: what failed is settled, never run again.
    parallelism = 1
    task_count  = 1

    template {
      execution_environment = "EXECUTION_ENVIRONMENT_GEN2"
      max_retries           = 0
      service_account       = local.account
      timeout               = "${var.timeout_seconds}s"

      containers {
        image = var.image

        resources {
          limits = {
            cpu    = tostring(each.value.cpuMillis / 1000)
            memory = "${each.value.memoryMib}Mi"
          }
        }

        dynamic "env" {
          for_each = var.environment

          content {
            name  = env.key
            value = env.value
          }
        }
      }

      vpc_access {
        egress = "ALL_TRAFFIC"

        network_interfaces {
          network    = var.network
          subnetwork = var.subnets[each.value.network].id
          tags       = [var.subnets[each.value.network].tag]
        }
      }
    }
  }

  depends_on = [google_service_account.default, google_service_account_iam_member.deployer]
}
