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

moved {
  from = module.edge
  to   = module.edge[0]
}

module "edge" {
  count      = local.is_trial ? 0 : 1
  source     = "./modules/edge"
  project_id = var.project_id
  region     = var.region
  domain     = local.domain
  functions  = local.edge_functions
  services   = module.functions.services
  armor      = local.armor
  labels     = local.labels
}

# In a trial one service of Cloud Run stands before clients' functions, and one before those that
# runners call: nothing else may call either.
module "front" {
  for_each = local.is_trial ? { front = "edge", gateways = "gateways" } : {}

  source     = "./modules/front"
  project_id = var.project_id
  region     = var.region
  name       = each.key
  side       = each.value
  attested   = var.attestation
  deployer   = local.deployer
  image      = var.images.functions
  services   = local.services
  labels     = local.labels

  per_address = try(var.limits.addresses, {})
}
