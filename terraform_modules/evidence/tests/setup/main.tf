# Writes files for tests, and removes them. Test files that need evidence vary one good report.
variable "folder" {
  description = "Where to write; made when it is missing."
  type        = string
}

variable "data" {
  description = "The text of `data.csv`."
  type        = string
  default     = "age,zip\n30,10115\n30,10115\n"
}

variable "report" {
  description = "A report that passes. The text `DATA` in it becomes the digest of the data."
  type        = any
}

variable "cases" {
  description = "By name, what differs: `report`, the report's own members; `item`, the checked item's; `inputs` and `measures`, the item's; `text`, the whole file; or `statement`, what an attestation states."
  type        = any
}

locals {
  item = var.report.checked[0]
  bundles = {
    for name, case in var.cases : name => jsonencode({
      dsseEnvelope = { payload = base64encode(replace(jsonencode(case.statement), "DATA", sha256(var.data))) }
    }) if can(case.statement)
  }
  reports = {
    for name, case in var.cases : name => try(case.text, local.bundles[name], replace(jsonencode(merge(
      var.report,
      {
        checked = [merge(
          local.item,
          {
            inputs   = merge(local.item.inputs, try(case.inputs, {}))
            measures = merge(local.item.measures, try(case.measures, {}))
          },
          try(case.item, {}),
        )]
      },
      try(case.report, {}),
    )), "DATA", sha256(var.data)))
  }
  files = merge({ "data.csv" = var.data }, { for name, text in local.reports : "${name}.json" => text })
}

resource "terraform_data" "file" {
  for_each = local.files
  input    = "${var.folder}/${each.key}"

  provisioner "local-exec" {
    interpreter = ["/bin/sh", "-c", "mkdir -p -- \"$1\" && printf '%s' \"$2\" > \"$3\"", "write", var.folder, each.value]
    command     = self.input
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = ["rm", "-f", "--"]
    command     = self.input
  }
}

output "folder" {
  value      = var.folder
  depends_on = [terraform_data.file]
}
