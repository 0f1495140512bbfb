# What a digest or a tag names stays what it was, and is scanned when it arrives and as weaknesses
# become known. A rollback reaches as far as the versions that are kept.
resource "google_artifact_registry_repository" "default" {
  project         = var.project_id
  location        = var.region
  repository_id   = "paddock"
  description     = "Images of functions and runner"
  format          = "DOCKER"
  deletion_policy = var.protection.deletion ? "PREVENT" : "DELETE"

  docker_config {
    immutable_tags = true
  }

  vulnerability_scanning_config {
    enablement_config = "INHERITED"
  }

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 30
    }
  }

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      older_than = "${90 * 24 * 3600}s"
    }
  }

  depends_on = [google_project_service.default]
}
