# What the project must be able to do before anything is made in it, with the reason of each. The
# preflight reads the same file. Others may need a service too, so `destroy` leaves all of them on.
locals {
  services = jsondecode(file("${path.module}/services.json"))
}

resource "google_project_service" "default" {
  for_each = local.services

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}
