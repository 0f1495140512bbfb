# The first operator (KEY-9): an account without any role, and the people who may act as it.
locals {
  _operator_count = var.first_operator == null ? 1 : 0

  # Known before it exists, so that a plan shows it.
  first_operator = coalesce(
    var.first_operator, "paddock-operator@${var.project_id}.iam.gserviceaccount.com"
  )
  operator_accounts = concat(
    [
      for _ in google_service_account.operator : {
        account  = local.first_operator
        reason   = "becomes the first operator, by an identity token that a person asks for"
        resource = "nothing"
        role     = "none"
      }
    ],
    [
      for member, grant in google_service_account_iam_member.operator : {
        account  = member
        reason   = "acts as the first operator"
        resource = "account paddock-operator"
        role     = grant.role
      }
    ],
  )
}

resource "google_service_account" "operator" {
  count        = local._operator_count
  project      = var.project_id
  account_id   = "paddock-operator"
  display_name = "First operator"
  description  = "Holds no role. Its identity tokens make the first operator of the API."
}

# Identity tokens alone: no access token, so nothing of Google's can be done in its name.
resource "google_service_account_iam_member" "operator" {
  for_each = var.first_operator == null ? toset(var.operator_impersonators) : []

  service_account_id = google_service_account.operator[0].name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = each.value
}
