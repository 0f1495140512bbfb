# What no role can give the workflows' accounts: a deny policy stands above all roles.
# Only somebody with roles/iam.denyAdmin on the organisation can set one; where there is none, alerts
# tell of the same steps (modules/watch).
#
# The deploying account says who may do what, so without this it is one call from all data: it would
# grant itself what it lacks. What it deploys can still read data; docs/threat-model.md says so.
locals {
  _deny = var.deny_data_access && var.github != null ? { workflows = keys(local.workflows) } : {}

  # In the form of deny policies: SERVICE/RESOURCE.ACTION.
  denied_permissions = [
    "cloudkms.googleapis.com/cryptoKeyVersions.useToDecrypt",
    "datastore.googleapis.com/entities.get",
    # All ways to act as another account; deploying needs actAs alone.
    "iam.googleapis.com/serviceAccountKeys.create",
    "iam.googleapis.com/serviceAccounts.getAccessToken",
    "iam.googleapis.com/serviceAccounts.getOpenIdToken",
    "iam.googleapis.com/serviceAccounts.implicitDelegation",
    "iam.googleapis.com/serviceAccounts.signBlob",
    "iam.googleapis.com/serviceAccounts.signJwt",
    "secretmanager.googleapis.com/versions.access",
  ]

  # Deny policies know resources by their tags alone. These two buckets hold what deploying needs, and
  # no data of owners; the accounts may bind no tag.
  _tagged = length(local._deny) == 0 ? {} : local.buckets
}

resource "google_tags_tag_key" "deployment" {
  for_each = local._deny

  parent      = "projects/${var.project_id}"
  short_name  = "paddock-deployment"
  description = "Buckets of deploying, which the workflows' accounts may read"
}

resource "google_tags_tag_value" "deployment" {
  for_each = local._deny

  parent      = google_tags_tag_key.deployment[each.key].id
  short_name  = "yes"
  description = "Holds no data of owners"
}

resource "google_tags_location_tag_binding" "deployment" {
  for_each = local._tagged

  parent    = "//storage.googleapis.com/projects/_/buckets/${each.value}"
  tag_value = google_tags_tag_value.deployment["workflows"].id
  location  = lower(var.location)
}

resource "google_iam_deny_policy" "default" {
  for_each = local._deny

  parent       = urlencode("cloudresourcemanager.googleapis.com/projects/${var.project_id}")
  name         = "paddock-${each.key}"
  display_name = "Workflows read no data"

  rules {
    description = "Documents, secrets, keys, other accounts"

    deny_rule {
      denied_principals  = local._denied_principals
      denied_permissions = local.denied_permissions
    }
  }

  rules {
    description = "Objects, but for the state and the sources of builds"

    deny_rule {
      denied_principals  = local._denied_principals
      denied_permissions = ["storage.googleapis.com/objects.get"]

      denial_condition {
        title      = "no bucket of deploying"
        expression = "!resource.matchTag('${var.project_id}/paddock-deployment', 'yes')"
      }
    }
  }

  depends_on = [google_service_account.default, google_tags_location_tag_binding.deployment]
}

locals {
  _denied_principals = [
    for name in keys(local.workflows) : format(
      "principal://iam.googleapis.com/projects/-/serviceAccounts/paddock-%s@%s.iam.gserviceaccount.com",
      name,
      var.project_id,
    )
  ]
}
