variable "project" {
  description = "Google Cloud project that holds everything here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Write a project id, not its number or its title."
  }
}

variable "environment" {
  description = "dev, paper or prod. It begins every name, labels the dataset, and decides which broker may be asked."
  type        = string

  validation {
    condition     = contains(["dev", "paper", "prod"], var.environment)
    error_message = "The environment is dev, paper or prod."
  }
}

variable "region" {
  description = "Region of jobs, schedules and images."
  type        = string
  default     = "us-central1"
}

variable "image" {
  description = "Image of all jobs, by digest: what was tested is what runs, whatever happens to its tags."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+(/[a-z0-9._-]+)+@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by digest: REGION-docker.pkg.dev/PROJECT/REPOSITORY/NAME@sha256:…"
  }
}

variable "dataset" {
  description = "BigQuery dataset of the tables."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z_][A-Za-z0-9_]{0,62}$", var.dataset))
    error_message = "The jobs take letters, digits and underscores, 63 at most."
  }
}

variable "bigquery_location" {
  description = "Where the dataset is. It cannot be moved later."
  type        = string
  default     = "US"
}

variable "source_database" {
  description = "Firestore database of the trading engine's documents."
  type        = string
  default     = "(default)"

  validation {
    condition     = can(regex("^(\\(default\\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$", var.source_database))
    error_message = "Write the database's id."
  }
}

variable "create_source_database" {
  description = "Whether to make the source database here. Usually the trading engine has one already."
  type        = bool
  default     = false
}

variable "bookkeeping_database" {
  description = "Firestore database of leases, run records and quarantine. One of its own, so that jobs which only archive cannot write where the trading engine writes."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.bookkeeping_database))
    error_message = "Write an id of lower-case letters, digits and hyphens, 4 to 63 of them."
  }

  validation {
    condition     = var.bookkeeping_database != var.source_database
    error_message = "Keep the books in another database than the sources: rights hold for whole databases."
  }
}

variable "firestore_location" {
  description = "Where the databases made here are. They cannot be moved later."
  type        = string
  default     = "nam5"
}

variable "broker_url" {
  description = "The broker's trading API: scheme and host."
  type        = string

  validation {
    condition     = can(regex("^https://[^/[:space:]@]+$", var.broker_url))
    error_message = "Write scheme and host only, over HTTPS."
  }

  validation {
    condition     = (var.broker_url == "https://api.alpaca.markets") == (var.environment == "prod")
    error_message = "Only prod trades real money, and it trades nothing else."
  }
}

variable "broker_accounts" {
  description = "Names of the broker accounts where there are several; each has secrets of its own."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.broker_accounts : can(regex("^[a-z][a-z0-9_]{0,30}$", name))])
    error_message = "Write account names in lower-case letters, digits and underscores."
  }
}

variable "secret_versions" {
  description = "Version of each secret by the variable that carries it, for instance ALPACA_API_KEY = \"2\". Default: 1."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for version in values(var.secret_versions) : can(regex("^[1-9][0-9]*$", version))])
    error_message = "Pin a version by number: with `latest`, an execution may start with another key than the one before."
  }
}

variable "settings" {
  description = "Further settings of all jobs, by environment variable; shared/settings.py lists them."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("KEY|SECRET", name))])
    error_message = "Write names of environment variables; keys of the broker belong into Secret Manager."
  }
}

variable "limits" {
  description = "Jobs that need other limits than one task of one CPU, 512 MiB and an hour for each attempt, by job."
  type = map(object({
    cpu     = optional(string)
    memory  = optional(string)
    timeout = optional(string)
    tasks   = optional(number) # as many as its table has shards: golden-thread shards
  }))
  default = {}
}

variable "max_retries" {
  description = "How often a failed task is tried again at once. The jobs are idempotent, so a retry costs only time; after a kill it first waits for the dead attempt's lease, a minute at most."
  type        = number
  default     = 1

  validation {
    condition     = var.max_retries >= 1 && var.max_retries <= 10
    error_message = "Between 1 and 10."
  }
}

variable "paused" {
  description = "Whether the schedules stand still, for instance during a migration."
  type        = bool
  default     = false
}

variable "retire_schedule" {
  description = "Cron expression, UTC, on which documents that the tables have held for long enough are deleted at their source. Empty: never."
  type        = string
  default     = ""
}

variable "deletion_protection" {
  description = "Whether tables, databases, secrets and jobs refuse to be destroyed."
  type        = bool
  default     = true
}

variable "alert_emails" {
  description = "Who is told when something is wrong."
  type        = set(string)
  default     = []
}

variable "max_silence_hours" {
  description = "How long a scheduled job may go without a successful run, hours, where it is not 26: a day and two hours."
  type        = map(number)
  default     = {}
}

variable "runbook_url" {
  description = "Where the runbook is, as alerts name it."
  type        = string
  default     = "infra/README.md"
}

variable "billing_account" {
  description = "Billing account whose budget is watched. Empty: none."
  type        = string
  default     = ""
}

variable "monthly_budget_usd" {
  description = "What the project may cost a month before somebody is told, US dollars."
  type        = number
  default     = 50

  validation {
    condition     = var.monthly_budget_usd >= 1 && floor(var.monthly_budget_usd) == var.monthly_budget_usd
    error_message = "Write whole dollars."
  }
}
