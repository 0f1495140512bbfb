module "routes" {
  source = "../routes"

  # Nothing below /internal is public, whichever function declares it.
  functions = {
    for name, function in var.functions : name => {
      routes = [
        for route in function.routes : {
          paths = [
            for path in route.paths : path if !can(regex("^/(v1/)?internal(/|$)", path))
          ]
        }
      ]
    }
  }
}

resource "google_compute_url_map" "default" {
  project         = var.project_id
  name            = "edge"
  description     = "Which function answers which path; what none does is its business to refuse."
  default_service = local.backends[var.default_function]

  host_rule {
    hosts        = [var.domain]
    path_matcher = "api"
  }

  path_matcher {
    name            = "api"
    default_service = local.backends[var.default_function]

    dynamic "route_rules" {
      for_each = module.routes.rules

      content {
        priority = route_rules.key + 1
        service  = local.backends[route_rules.value.function]

        dynamic "match_rules" {
          for_each = route_rules.value.matches

          content {
            full_path_match     = match_rules.value.full
            path_template_match = match_rules.value.template
            prefix_match        = match_rules.value.prefix
          }
        }
      }
    }
  }
}
