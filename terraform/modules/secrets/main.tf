locals {
  # Containers are made by the bootstrap root and filled before this one is applied: Cloud Run
  # refuses a revision whose secret has no version, so made here they would take two applies.
  secrets = {
    for name, version in var.versions : name => {
      name    = name
      version = version
    }
  }
}
