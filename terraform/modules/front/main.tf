locals {
  # Known before anything exists, so that a plan shows who gets what.
  account     = "fn-${var.name}@${var.project_id}.iam.gserviceaccount.com"
  per_address = { for name, value in var.per_address : name => value if value != null }
}

# Its one right is to call the functions of its side: nothing of it reads data, a key or a secret.
resource "google_service_account" "default" {
  project      = var.project_id
  account_id   = "fn-${var.name}"
  display_name = "Front ${var.name}"
  description  = "Calls the functions that ${var.side == "edge" ? "clients" : "runners"} reach, and nothing else."
}

# A workflow deploys as an account of its own, and may hand over this one.
resource "google_service_account_iam_member" "deployer" {
  count = var.deployer == null ? 0 : 1

  service_account_id = google_service_account.default.name
  role               = "roles/iam.serviceAccountUser"
  member             = var.deployer
}

resource "google_cloud_run_v2_service" "default" {
  project     = var.project_id
  location    = var.region
  name        = var.name
  description = "Routes to functions, where no load balancer does."
  labels      = var.labels
  # A service holds no state; protected, one whose first revision failed could never be replaced.
  deletion_protection = false
  ingress             = var.side == "edge" ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"
  # Callers show what the functions check: an API key, or a token that Cloud Run would take apart.
  invoker_iam_disabled = true

  dynamic "binary_authorization" {
    for_each = var.attested ? [true] : []

    content {
      use_default = true
    }
  }

  template {
    execution_environment            = "EXECUTION_ENVIRONMENT_GEN2"
    max_instance_request_concurrency = 1000
    service_account                  = local.account
    # As long as a stream of a function may be.
    timeout = "3600s"

    # Each instance counts the requests of an address for itself.
    scaling {
      max_instance_count = var.instances_max
      min_instance_count = 0
    }

    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        cpu_idle          = true
        startup_cpu_boost = true
        limits = {
          cpu    = "1"
          memory = "512Mi"
        }
      }

      startup_probe {
        failure_threshold = 60
        period_seconds    = 1
        timeout_seconds   = 1

        tcp_socket {
          port = 8080
        }
      }

      dynamic "env" {
        for_each = {
          FUNCTION_TARGET        = "front"
          GOOGLE_CLOUD_PROJECT   = var.project_id
          NODE_OPTIONS           = "--max-old-space-size=256 --max-semi-space-size=8"
          PADDOCK_FRONT_SERVICES = var.services
          PADDOCK_FRONT_SIDE     = var.side
          PADDOCK_LIMITS         = jsonencode({ addresses = local.per_address })
        }

        content {
          name  = env.key
          value = env.value
        }
      }
    }
  }

  depends_on = [google_service_account.default, google_service_account_iam_member.deployer]
}
