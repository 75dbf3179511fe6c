//! Connecting an organization to its Lever account, and looking after that connection.
//!
//! | file | what it does |
//! | --- | --- |
//! | `begin` | the Connect click: a state of its own, and off to Lever's authorize page |
//! | `callback` | Lever sends the browser back: the state is used up, the code becomes tokens, the first sync begins |
//! | `grantor` | asks Lever who granted access |
//! | `disconnect` `unregister` | tokens destroyed, the copy purged when asked, and our webhooks removed at Lever |
//! | `view` `health` `facts` | how the connection stands, as JSON and in sentences, and what is known about it |
//! | `surroundings` | what is wrong around it: how the service is set up, its keys, whether Lever answers (pure) |
//! | `tend` | looking after it every few minutes: kept alive, examined, judged |
//! | `store` | the `authorizations` table |
//!
//! The rule: a connection exists only when the browser session that began it also ended it, with a state that is used once.

mod begin;
mod callback;
mod disconnect;
mod facts;
mod grantor;
mod health;
mod outcome;
mod store;
mod surroundings;
mod tend;
mod unregister;
mod view;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;
pub use begin::CONNECT_PATH;
pub use health::{ConnectionStatus, Warning};
pub use outcome::Outcome;
pub use tend::tend_due;
pub use view::{AccountView, ConnectionView, GrantorView, TokenView, of as view};

/// The endpoints of the connection.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin::begin)).routes(routes!(callback::callback)).routes(routes!(view::show, disconnect::disconnect))
}
