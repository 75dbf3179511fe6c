//! Days on which nothing is planned but what a story plans, whatever today is: the stand-in plans three weeks ahead.

use std::sync::LazyLock;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Utc};

/// The same for the whole run, also when it begins before midnight and ends after it.
static TUESDAY: LazyLock<NaiveDate> = LazyLock::new(|| {
    let far = Utc::now().date_naive() + Days::new(14 * 7);
    far - Days::new(far.weekday().num_days_from_monday().into()) + Days::new(1)
});

/// A Tuesday about three months ahead, as people write it into a field: `2027-03-02`.
pub fn tuesday() -> String {
    TUESDAY.to_string()
}

/// So many days after that Tuesday.
pub fn after_tuesday(days: u64) -> String {
    (*TUESDAY + Days::new(days)).to_string()
}

/// That Tuesday at an hour of UTC.
pub fn at(hour: u32) -> DateTime<Utc> {
    TUESDAY.and_time(NaiveTime::from_hms_opt(hour, 0, 0).expect("an hour")).and_utc()
}
