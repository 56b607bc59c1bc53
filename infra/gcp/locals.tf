# What `golden-thread schema docs` generated from jobs/ and schemas/: a new loop is here without an edit to these files.
locals {
  jobs      = jsondecode(file("${path.module}/jobs.json"))
  tables    = jsondecode(file("${path.module}/tables.json"))
  firestore = jsondecode(file("${path.module}/firestore.json"))

  # A further view is a further file.
  view_folder = "${path.module}/../../schemas/views"
  views       = { for name in fileset(local.view_folder, "*.sql") : trimsuffix(name, ".sql") => file("${local.view_folder}/${name}") }

  name = "gt-${var.environment}"
}

locals {
  # What runs by itself, and with which options. An option takes the right to override a job's arguments.
  scheduled = merge(
    { for name, job in local.jobs : name => { schedule = job.schedule, options = [] } if job.schedule != "" },
    { for name in ["retire"] : name => { schedule = var.retire_schedule, options = ["--delete"] } if var.retire_schedule != "" },
  )

  # The check works in a corner of its own (check.tf) and looks at nothing else.
  movers   = { for name, job in local.jobs : name => job if job.needs.source != "corner" }
  checkers = { for name, job in local.jobs : name => job if job.needs.source == "corner" }

  broker_jobs = toset([for name, job in local.jobs : name if job.needs.broker])
  broker_keys = toset(length(var.broker_accounts) == 0 ? ["ALPACA_API_KEY", "ALPACA_SECRET_KEY"] : flatten([
    for name in var.broker_accounts : ["ALPACA_API_KEY_${upper(name)}", "ALPACA_SECRET_KEY_${upper(name)}"]
  ]))
}
