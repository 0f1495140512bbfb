output "secrets" {
  description = "Secret => its name, and the number of the version to mount."
  value       = local.secrets
}
