//! `GET /v1/users`: who can interview.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};

use super::UserRow;
use crate::auth::Member;
use crate::error::{Problem, Result};
use crate::mirror::params::{self, Filters};
use crate::page::{Page, Paging};
use crate::state::AppState;

/// A Lever user.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct UserView {
    #[schema(example = "5f2a8c1e-0000-4000-8000-000000000001")]
    pub id: String,
    #[schema(example = "Rosa Example")]
    pub name: Option<String>,
    #[schema(example = "rosa@example.com")]
    pub email: Option<String>,
    /// `super admin`, `admin`, `team member`, `limited team member`, `interviewer`, or the id of a custom role.
    #[schema(example = "interviewer")]
    pub access_role: Option<String>,
    /// False once deactivated at Lever: such a user cannot be asked to interview.
    pub active: bool,
    /// Address of a picture.
    pub photo: Option<String>,
    #[schema(example = "Engineering manager")]
    pub job_title: Option<String>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

impl From<UserRow> for UserView {
    fn from(user: UserRow) -> Self {
        let active = user.is_active();
        Self {
            id: user.id,
            name: user.name,
            email: user.email,
            access_role: user.access_role,
            active,
            photo: user.photo,
            job_title: user.job_title,
            synced_at: user.synced_at,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UserFilter {
    /// Text anywhere in the name or e-mail address, in any case.
    q: Option<String>,
    /// Only active, or only deactivated users; both when absent.
    #[param(value_type = Option<bool>)]
    active: Option<String>,
}

#[derive(FromRow)]
struct Listed {
    #[sqlx(flatten)]
    user: UserRow,
    search: String,
}

/// Lever users by name: interviewers, and everybody else with an account at Lever.
#[utoipa::path(
    get, path = "/v1/users", operation_id = "listUsers", tag = "Users", security(("bearer" = [])), params(UserFilter, Paging),
    responses((status = 200, body = Page<UserView>), (status = 400, body = Problem), (status = 401, body = Problem)),
)]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    paging: Paging,
    Filters(filter): Filters<UserFilter>,
) -> Result<Json<Page<UserView>>> {
    let pattern = params::pattern(filter.q.as_deref())?;
    let active = params::flag("active", filter.active.as_deref())?;
    let (after_search, after_id) = paging.after::<(String, String)>()?.unzip();
    let mut tx = state.db.look(caller.tenant).await?;
    let rows: Vec<Listed> = sqlx::query_as(
        "SELECT id, name, email, access_role, photo, job_title, deactivated_at, synced_at, gone_at, search FROM users
         WHERE tenant_id = $1 AND gone_at IS NULL
           AND ($2::text IS NULL OR search LIKE $2)
           AND ($3::boolean IS NULL OR (deactivated_at IS NULL) = $3)
           AND ($4::text IS NULL OR (search, id) > ($4, $5))
         ORDER BY search, id LIMIT $6",
    )
    .bind(tx.tenant())
    .bind(pattern)
    .bind(active)
    .bind(after_search)
    .bind(after_id)
    .bind(paging.rows())
    .fetch_all(&mut *tx)
    .await?;
    Ok(Json(Page::cut(rows, &paging, |row| (row.search.clone(), row.user.id.clone())).map(|row| row.user.into())))
}
