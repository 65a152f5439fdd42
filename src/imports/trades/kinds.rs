//! The words for entry and exit, long and short, and for an open trade.

use super::rows::Kind;
use super::titles::letters;
use crate::domain::signal::Direction;

const ENTRY: [&str; 21] = [
    "entry",
    "einstieg",
    "eintritt",
    "entrada",
    "entree",
    "entrata",
    "ingresso",
    "wejscie",
    "вход",
    "giris",
    "エントリー",
    "新規",
    "진입",
    "进场",
    "進場",
    "入场",
    "入場",
    "开仓",
    "開倉",
    "进入",
    "進入",
];

const EXIT: [&str; 24] = [
    "exit",
    "ausstieg",
    "austritt",
    "salida",
    "sortie",
    "uscita",
    "saida",
    "wyjscie",
    "выход",
    "cikis",
    "エグジット",
    "イグジット",
    "決済",
    "手仕舞",
    "청산",
    "출구",
    "出场",
    "出場",
    "离场",
    "離場",
    "平仓",
    "平倉",
    "退出",
    "margincall",
];

const LONG: [&str; 17] = [
    "long",
    "largo",
    "larga",
    "comprad",
    "compra",
    "dlug",
    "длинн",
    "лонг",
    "uzun",
    "ロング",
    "買い",
    "롱",
    "매수",
    "多头",
    "多頭",
    "做多",
    "多单",
];

const SHORT: [&str; 20] = [
    "short",
    "corto",
    "corta",
    "court",
    "curto",
    "curta",
    "vendid",
    "venta",
    "krotk",
    "коротк",
    "шорт",
    "kisa",
    "ショート",
    "売り",
    "숏",
    "매도",
    "空头",
    "空頭",
    "做空",
    "空单",
];

const OPEN: [&str; 34] = [
    "open",
    "offen",
    "offenetrade",
    "abierto",
    "abierta",
    "ouvert",
    "ouverte",
    "aberto",
    "aberta",
    "aperto",
    "aperta",
    "otwarta",
    "otwarty",
    "otwarte",
    "открыта",
    "открыт",
    "открыто",
    "открытая",
    "acik",
    "オープン",
    "未決済",
    "保有中",
    "오픈",
    "미청산",
    "보유중",
    "열림",
    "未平仓",
    "未平倉",
    "持仓中",
    "持倉中",
    "开仓中",
    "未结",
    "开放",
    "開放",
];

/// The side of a trade that a text of the column Type names, in any of the languages.
pub fn kind(text: &str) -> Option<Kind> {
    let text = letters(text);
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let (entry, exit) = (says(&ENTRY), says(&EXIT));
    let (long, short) = (says(&LONG), says(&SHORT));
    // One of each, or it could be either.
    (entry != exit && long != short).then_some(Kind {
        is_exit: exit,
        direction: if long {
            Direction::Long
        } else {
            Direction::Short
        },
    })
}

/// True if a text says that a trade is still open.
pub fn is_open(text: &str) -> bool {
    OPEN.contains(&letters(text).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_named_in_any_language() {
        for (words, is_exit, direction) in [
            (
                "Entry long|Entry Long|Long-Einstieg|Entrada en largo|Entrada larga|Entrée longue|Entrada comprada|Entrata long|\
                 Wejście w długą pozycję|Вход в длинную позицию|Uzun giriş|ロングエントリー|롱 진입|매수 진입|多头进场|多頭進場",
                false,
                Direction::Long,
            ),
            (
                "Exit long|Long-Ausstieg|Salida en largo|Sortie longue|Saída comprada|Uscita long|Wyjście z długiej|\
                 Выход из длинной позиции|Uzun çıkış|ロング決済|롱 청산|多头出场|多頭出場|多头离场",
                true,
                Direction::Long,
            ),
            (
                "Entry short|Short-Einstieg|Entrada en corto|Entrée courte|Entrada vendida|Entrata short|Wejście w krótką|\
                 Вход в короткую позицию|Kısa giriş|ショートエントリー|숏 진입|매도 진입|空头进场|空頭進場",
                false,
                Direction::Short,
            ),
            (
                "Exit short|Short-Ausstieg|Salida en corto|Sortie courte|Saída vendida|Uscita short|Wyjście z krótkiej|\
                 Выход из короткой позиции|Kısa çıkış|ショート決済|숏 청산|空头出场|空頭出場",
                true,
                Direction::Short,
            ),
        ] {
            for word in words.split('|') {
                let expected = Some(Kind { is_exit, direction });
                assert_eq!(kind(word.trim()), expected, "{word}");
            }
        }
        for none in ["", "Sold", "Entry", "Long", "Entry exit long", "Buy"] {
            assert_eq!(kind(none), None, "{none}");
        }
    }
}
