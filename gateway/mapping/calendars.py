"""Words of calendars and clocks: the months' names by number, and the words for before and after noon.

Facts of the Unicode CLDR (https://cldr.unicode.org), written down for the languages that diaries and scribes come in.
"""

from __future__ import annotations

# The twelve names of each language, and after a / the short form where it is not the first three letters.
_NAMES = """
january february march april may june july august september/sept october november december
januar februar märz/mrz april mai juni juli august september/sept oktober november dezember
janvier/janv février/févr mars avril/avr mai juin/juin juillet/juil août septembre/sept octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre/sept octubre noviembre diciembre
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
januari februari maart/mrt april mei juni juli augustus september oktober november december
januari februari mars april maj juni juli augusti september oktober november december
januar februar marts april maj juni juli august september oktober november december
januar februar mars april mai juni juli august september oktober november desember
tammikuuta/tammi helmikuuta/helmi maaliskuuta/maalis huhtikuuta/huhti toukokuuta/touko kesäkuuta/kesä \
heinäkuuta/heinä elokuuta/elo syyskuuta/syys lokakuuta/loka marraskuuta/marras joulukuuta/joulu
stycznia/sty lutego/lut marca/mar kwietnia/kwi maja/maj czerwca/cze lipca/lip sierpnia/sie września/wrz \
października/paź listopada/lis grudnia/gru
ledna/led února/úno března/bře dubna/dub května/kvě června/čvn července/čvc srpna/srp září/zář října/říj \
listopadu/lis prosince/pro
ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
января/янв февраля/февр марта/мар апреля/апр мая/мая июня/июн июля/июл августа/авг сентября/сент октября/окт \
ноября/нояб декабря/дек
січня/січ лютого/лют березня/бер квітня/квіт травня/трав червня/черв липня/лип серпня/серп вересня/вер жовтня/жовт \
листопада/лист грудня/груд
"""


def _months() -> dict[str, int]:
    found: dict[str, int] = {}
    for line in _NAMES.strip().splitlines():  # in every language
        for number, word in enumerate(line.split(), 1):
            name, _, short = word.partition("/")
            found |= {name: number, short or name[:3]: number}
    return found


MONTHS = _months()

# Without dots and spaces, in small letters.
FORENOON = frozenset({"am", "vorm", "vm", "öö", "dop", "дп", "오전", "午前", "上午", "πμ", "ص"})
AFTERNOON = frozenset({"pm", "nachm", "nm", "ös", "odp", "пп", "오후", "午後", "下午", "μμ", "م"})
