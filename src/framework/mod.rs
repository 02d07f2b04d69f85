//! What a resource author writes against: schema, model, traits, the plan engine and the RPC dispatcher.
