locals {
  # OWASP core rule set 4.22. Its `methodenforcement` is left out: it refuses PUT, PATCH and DELETE,
  # and functions refuse what methods they don't know.
  _sets = [
    { name = "generic", code = true },
    { name = "java", code = true },
    { name = "lfi", code = true },
    { name = "php", code = true },
    { name = "protocolattack", code = true },
    { name = "rce", code = true },
    { name = "rfi", code = true },
    { name = "scannerdetection", code = false },
    { name = "sessionfixation", code = true },
    { name = "sqli", code = true },
    { name = "xss", code = true },
  ]

  waf = {
    for index, set in local._sets : set.name => {
      code     = set.code
      priority = 1000 + 10 * index
      rules    = "${set.name}-v422-stable"
    }
  }

  # Files are bytes of anything: no rule about code may read them at all.
  _raw_paths = sort(distinct(flatten([
    for function in values(var.functions) : [
      for route in function.routes : route.paths if route.body == "raw"
    ]
  ])))
  _raw_pattern = join("|", [
    for path in local._raw_paths : join("/", [
      for part in split("/", path) : startswith(part, ":") ? "[^/]+" : part == "*" ? ".+" : part
    ])
  ])
  _unless_raw = (
    local._raw_pattern == "" ? "" : " && !request.path.matches('^(${local._raw_pattern})$')"
  )
}

# One policy for every backend; it counts for each of them, per region, and approximately.
resource "google_compute_security_policy" "default" {
  project     = var.project_id
  name        = "edge"
  description = "Flood guard and OWASP rules before every public function."
  type        = "CLOUD_ARMOR"

  advanced_options_config {
    # Fields of a JSON body are then told from one another, and can be excepted below.
    json_parsing                 = "STANDARD"
    log_level                    = "NORMAL"
    request_body_inspection_size = "8KB"
  }

  adaptive_protection_config {
    layer_7_ddos_defense_config {
      enable          = var.armor.adaptive
      rule_visibility = "STANDARD"
    }
  }

  # Refused here, what matches isn't counted below: so OWASP's rules stand first.
  dynamic "rule" {
    for_each = local.waf

    content {
      action      = "deny(403)"
      priority    = rule.value.priority
      description = "OWASP ${rule.key}"
      preview     = !var.armor.enforce_waf

      match {
        expr {
          expression = format(
            "evaluatePreconfiguredWaf('%s', {'sensitivity': %d})%s",
            rule.value.rules,
            var.armor.waf_sensitivity,
            rule.value.code ? local._unless_raw : "",
          )
        }
      }

      # Tasks and messages are prose with code in it, in fields of the body: excepting every
      # parameter leaves address, headers and cookies to these rules.
      dynamic "preconfigured_waf_config" {
        for_each = rule.value.code ? [rule.value.rules] : []

        content {
          exclusion {
            target_rule_set = preconfigured_waf_config.value

            request_query_param {
              operator = "EQUALS_ANY"
            }
          }
        }
      }
    }
  }

  rule {
    action      = "throttle"
    priority    = 2000
    description = "At most so many requests of one address"
    preview     = false

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      enforce_on_key = "IP"
      exceed_action  = "deny(429)"

      rate_limit_threshold {
        count        = var.armor.requests_max
        interval_sec = var.armor.window_seconds
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length(local._unless_raw) <= 1900
      error_message = "Routes that take raw bodies are too many for one rule of Cloud Armor."
    }
  }

  rule {
    action      = "allow"
    priority    = 2147483647
    description = "Whatever no rule refuses"
    preview     = false

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
