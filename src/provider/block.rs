//! The provider block as Terraform hands it over: its attributes, each of which may be null or
//! unknown. `setting` and `settings` say what the values mean.

use crate::framework::number::Number;
use crate::model;

model! {
    /// The attributes of the provider block.
    pub struct Config {
        /// The id of the AccessKey.
        pub access_key: String,
        /// The secret of the AccessKey.
        pub secret_key: String,
        /// The security token of temporary credentials.
        pub security_token: String,
        /// The region whose API is called.
        pub region: String,
        /// The host or the URL of the API.
        pub endpoint: String,
        /// The space of resources that name none.
        pub cust_space_id: String,
        /// The method by which requests are signed.
        pub signature_method: String,
        /// The account whose quota is used.
        pub account_id: String,
        /// How long it may take to make a connection, in milliseconds.
        pub client_connect_timeout: Number,
        /// How long an answer may take, in milliseconds.
        pub client_read_timeout: Number,
        /// How the account's call quota is kept.
        pub throttle: Throttling,
    }
}

model! {
    /// The attributes of `throttle` in the provider block.
    pub struct Throttling {
        /// How many calls of an operation may be made in a second.
        pub requests_per_second: Number,
        /// With whom the quota is shared.
        pub scope: String,
        /// The directory in which the processes of one machine share it.
        pub state_directory: String,
        /// The Redis server at which several machines share it.
        pub redis_url: String,
        /// How long it may take to connect to the Redis server, in milliseconds.
        pub redis_connect_timeout: Number,
        /// How long the Redis server may take to answer a command, in milliseconds.
        pub redis_command_timeout: Number,
        /// How many calls of an operation may be made in a second while the shared state cannot be
        /// reached.
        pub fallback_requests_per_second: Number,
    }
}
