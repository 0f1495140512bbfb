locals {
  buckets = {
    build = google_storage_bucket.build.name
    state = google_storage_bucket.state.name
  }
}

# Terraform's state: who may read it, what a mistake can still be undone from.
resource "google_storage_bucket" "state" {
  name                        = "${var.project_id}-paddock-state"
  project                     = var.project_id
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protection.deletion
  deletion_policy             = var.protection.deletion ? "PREVENT" : "DELETE"

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.protection.state_history_days
      num_newer_versions         = 20
    }
  }

  depends_on = [google_project_service.default]
}

# Sources on their way to Cloud Build, and the lists of what its images are made of.
resource "google_storage_bucket" "build" {
  name                        = "${var.project_id}-paddock-build"
  project                     = var.project_id
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protection.deletion

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 30
      matches_prefix = ["source/"]
    }
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      age            = 400
      matches_prefix = ["lists/"]
    }
  }

  depends_on = [google_project_service.default]
}
