run "a_subtree_and_a_shared_one" {
  command = plan

  variables {
    functions = {
      things = {
        routes = [{ paths = ["/v1/things", "/things"] }, { paths = ["/v1/things/:id"] }]
      }
      shelves = {
        routes = [{ paths = ["/v1/shelves/default"] }, { paths = ["/v1/shelves/:shelf"] }]
      }
      books = {
        routes = [{ paths = ["/v1/shelves/:shelf/books/*"] }]
      }
    }
  }

  assert {
    condition = contains(
      [for rule in output.rules : rule.matches if rule.function == "things"][0],
      { full = null, prefix = "/v1/things/", template = null },
    )
    error_message = "A function that owns a whole subtree gets it by its beginning."
  }

  assert {
    condition = join(" ", [
      for rule in output.rules : coalesce(rule.matches[0].full, rule.matches[0].template)
      if rule.function != "things"
    ]) == "/v1/shelves/default /v1/shelves/* /v1/shelves/*/books/**"
    error_message = "Where several own a subtree, words come before parameters."
  }
}

run "one_path_of_two_functions" {
  command         = plan
  expect_failures = [output.rules]

  variables {
    functions = {
      readers = { routes = [{ paths = ["/v1/things/:id"] }] }
      writers = { routes = [{ paths = ["/v1/things/:thing"] }] }
    }
  }
}

run "more_wildcards_than_a_pattern_may_have" {
  command         = plan
  expect_failures = [output.rules]

  variables {
    functions = {
      deep = { routes = [{ paths = ["/v1/a/:b/c/:d/e/:f/g/:h/i/:j/k/:l"] }] }
    }
  }
}
