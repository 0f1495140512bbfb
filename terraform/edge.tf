module "edge" {
  source     = "./modules/edge"
  project_id = var.project_id
  region     = var.region
  domain     = var.domain
  functions  = local.edge_functions
  services   = module.functions.services
  armor      = var.armor
  labels     = local.labels
}
