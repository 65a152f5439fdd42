//! The position as TradingView states it, after and before the order.

use crate::domain::event::Warning;
use crate::domain::money::{Decimal, parse_decimal};
use crate::domain::signal::{Direction, StatedPosition};

use super::{Object, PayloadError};

/// Reads both positions; the signed `positionSize` wins over direction and size.
pub fn read(
    fields: &Object<'_, '_>,
    warnings: &mut Vec<Warning>,
) -> Result<StatedPosition, PayloadError> {
    let signed = fields.number("positionSize", parse_decimal)?;
    let (by_direction, side) =
        direction_and_size(fields, "marketPosition", "marketPositionSize", warnings)?;
    let (previous, _) = direction_and_size(
        fields,
        "prevMarketPosition",
        "prevMarketPositionSize",
        warnings,
    )?;
    if let (Some(signed), Some(by_direction)) = (signed, by_direction)
        && signed != by_direction
    {
        let message = "positionSize and marketPosition with marketPositionSize contradict each other; positionSize was used";
        warnings.push(Warning::new("contradiction", message));
    }
    let new = signed.or(by_direction);
    Ok(StatedPosition {
        new,
        previous,
        side: side.filter(|_| new.is_none()),
    })
}

/// `long` and 3 as 3, `short` and 3 as -3, `flat` as 0; and the side where there is one.
fn direction_and_size(
    fields: &Object<'_, '_>,
    direction_field: &str,
    size_field: &str,
    warnings: &mut Vec<Warning>,
) -> Result<(Option<Decimal>, Option<Direction>), PayloadError> {
    let size = fields.not_negative(size_field)?;
    let direction = fields.text(direction_field)?;
    let mut contradict = |stated: &str| {
        let message = format!("{direction_field} {stated} and {size_field} contradict each other");
        warnings.push(Warning::new("contradiction", message));
    };
    let is_zero = size.is_some_and(|size| size.is_zero());
    match direction.as_deref() {
        Some("flat") => {
            if size.is_some() && !is_zero {
                contradict("flat");
            }
            Ok((Some(Decimal::ZERO), None))
        }
        Some(stated @ ("long" | "short")) if is_zero => {
            contradict(stated);
            Ok((None, None))
        }
        Some("long") => Ok((size, Some(Direction::Long))),
        Some("short") => Ok((size.map(|size| -size), Some(Direction::Short))),
        Some(other) => Err(fields.not_one_of(direction_field, other, &["long", "short", "flat"])),
        None => Ok((size.filter(Decimal::is_zero), None)),
    }
}
