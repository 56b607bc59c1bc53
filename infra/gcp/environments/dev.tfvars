environment            = "dev"
dataset                = "trading_dev"
bookkeeping_database   = "golden-thread-dev"
source_database        = "engine-dev"
create_source_database = true
broker_url             = "https://paper-api.alpaca.markets"
deletion_protection    = false
