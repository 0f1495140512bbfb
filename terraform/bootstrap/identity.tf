# Which workflows get in, without any key. A pool admits nothing but what its condition describes,
# so being in it says all: the branch's deploy workflow in its environment, or a request's plan.
# Requests from forks get no token from GitHub at all.
locals {
  _repository = var.github == null ? "" : join(" && ", [
    "assertion.repository == '${var.github.repository}'",
    "assertion.repository_id == '${var.github.repository_id}'",
  ])

  _workflows = var.github == null ? "" : "${var.github.repository}/.github/workflows"
  _branch    = var.github == null ? "" : "refs/heads/${var.github.branch}"

  pools = google_iam_workload_identity_pool.default

  workflows = var.github == null ? {} : {
    deploy = {
      description = "The deploy workflow of ${var.github.branch}, in ${var.github.environment}"
      condition = join(" && ", [
        local._repository,
        "assertion.ref == '${local._branch}'",
        "assertion.environment == '${var.github.environment}'",
        "assertion.workflow_ref == '${local._workflows}/deploy.yml@${local._branch}'",
      ])
    }
    plan = {
      description = "The plan workflow of a pull request of the repository itself"
      condition = join(" && ", [
        local._repository,
        "assertion.event_name == 'pull_request'",
        "assertion.workflow_ref.startsWith('${local._workflows}/plan.yml@refs/pull/')",
      ])
    }
  }
}

resource "google_iam_workload_identity_pool" "default" {
  for_each = local.workflows

  project                   = var.project_id
  workload_identity_pool_id = "paddock-${each.key}"
  display_name              = "Paddock ${each.key}"
  description               = each.value.description

  depends_on = [google_project_service.default]
}

resource "google_iam_workload_identity_pool_provider" "default" {
  for_each = local.workflows

  project                            = var.project_id
  workload_identity_pool_id          = local.pools[each.key].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub Actions"
  attribute_condition                = each.value.condition

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
    "attribute.ref"        = "assertion.ref"
    "attribute.actor"      = "assertion.actor"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "workflow" {
  for_each = local.workflows

  service_account_id = google_service_account.default[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${local.pools[each.key].name}/*"
}
