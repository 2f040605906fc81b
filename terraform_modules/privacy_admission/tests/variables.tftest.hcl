variables {
  kubeconfig = "versions.tf" # any file: nothing is applied here
  manifests  = "tests/manifests"
}

run "a_folder_with_a_kustomization_is_planned" {
  command = plan
  variables {
    image     = "registry.example:5000/gatecli@sha256:0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b0f4b"
    namespace = "privacy"
  }
}

run "a_folder_without_a_kustomization_is_refused" {
  command = plan
  variables {
    manifests = "tests"
  }
  expect_failures = [terraform_data.applied]
}

run "a_missing_folder_is_refused" {
  command = plan
  variables {
    manifests = "nowhere"
  }
  expect_failures = [terraform_data.applied]
}

run "a_missing_kubeconfig_is_refused" {
  command = plan
  variables {
    kubeconfig = "nowhere"
  }
  expect_failures = [terraform_data.applied]
}

run "a_namespace_with_a_command_is_invalid" {
  command = plan
  variables {
    namespace = "$(id)"
  }
  expect_failures = [var.namespace]
}

run "an_image_with_blanks_is_invalid" {
  command = plan
  variables {
    image      = "gatecli --privileged"
    image_name = "a b"
  }
  expect_failures = [var.image, var.image_name]
}

run "an_overlay_outside_of_the_folder_is_invalid" {
  command = plan
  variables {
    overlay = "../../elsewhere"
  }
  expect_failures = [var.overlay]
}

run "a_time_out_without_a_unit_is_invalid" {
  command = plan
  variables {
    timeout = "300"
  }
  expect_failures = [var.timeout]
}

run "empty_paths_are_invalid" {
  command = plan
  variables {
    kubeconfig = ""
    manifests  = ""
    context    = ""
  }
  expect_failures = [var.kubeconfig, var.manifests, var.context]
}
