output "rules" {
  description = <<-EOT
    Rules of a URL map, the first that matches counts: the function, and what to match, each by a
    whole path (`full`), a beginning (`prefix`) or a pattern (`template`).
  EOT
  value       = local.rules

  precondition {
    condition     = length(local.disputed) == 0
    error_message = <<-EOT
      A load balancer tells functions apart by path and not by method, so one function must own
      each path. Two claim: ${join(", ", local.disputed)}.
    EOT
  }

  precondition {
    condition     = length(local.too_long) == 0
    error_message = <<-EOT
      A URL map's patterns have at most 5 wildcards and 255 characters, unlike these:
      ${join(", ", local.too_long)}.
    EOT
  }

  precondition {
    condition     = length(local.rules) <= 200
    error_message = <<-EOT
      A URL map takes 200 rules and the routes need ${length(local.rules)}: give paths that several
      functions share to one of them.
    EOT
  }
}
