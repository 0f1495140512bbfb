resource "google_firebaserules_ruleset" "default" {
  project = var.project_id

  source {
    files {
      name    = "firestore.rules"
      content = file(var.rules_file)
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_firebaserules_release" "default" {
  for_each = {
    main = "cloud.firestore"
    keys = "cloud.firestore/keys"
  }
  project      = var.project_id
  name         = each.value
  ruleset_name = google_firebaserules_ruleset.default.id

  depends_on = [google_firestore_database.default]
}
