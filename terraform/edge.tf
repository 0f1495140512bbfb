locals {
  # One limit, in one place: the functions' own limits, unless Cloud Armor is to have another.
  armor = merge(var.armor, {
    requests_max = coalesce(var.armor.requests_max, try(var.limits.addresses.max, null), 1000)
    window_seconds = coalesce(
      var.armor.window_seconds,
      try(var.limits.addresses.windowMs / 1000, null),
      900,
    )
  })
}

module "edge" {
  source     = "./modules/edge"
  project_id = var.project_id
  region     = var.region
  domain     = var.domain
  functions  = local.edge_functions
  services   = module.functions.services
  armor      = local.armor
  labels     = local.labels
}
