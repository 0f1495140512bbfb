output "secrets" {
  description = "Secret => its id, its short name, and the number of the version to mount."
  value       = local.secrets
}
