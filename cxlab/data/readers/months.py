"""The names of the months in the languages of survey exports, and every way to shorten them that leaves no doubt."""

from __future__ import annotations

from functools import cache

MONTHS = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "at": "jänner feber mrz",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    "pl of": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ru": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "ru of": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "el": "ιανουάριος φεβρουάριος μάρτιος απρίλιος μάιος ιούνιος "
    "ιούλιος αύγουστος σεπτέμβριος οκτώβριος νοέμβριος δεκέμβριος",
    "el of": "ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου "
    "ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου νοεμβρίου δεκεμβρίου",
    "tr": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "ar plain": "يناير فبراير مارس ابريل مايو يونيه يوليه اغسطس سبتمبر اكتوبر نوفمبر ديسمبر",
}  # fmt: skip
"""Language → its twelve months in order ('at': the first ones, where Austria differs)."""

SHORT = {"mrt": 3, "mrz": 3, "juil": 7, "lip": 7, "мая": 5, "μαϊ": 5, "sept": 9}
"""Short forms that are no beginnings, or that are settled although other names begin alike."""


@cache
def numbers() -> dict[str, int]:
    """Return every name and unambiguous beginning of three letters or more, in small letters → 1 to 12.

    >>> numbers()["janv"], numbers()["oktober"], numbers()["ekim"], "jui" in numbers()
    (1, 10, 10, False)
    """
    meant: dict[str, set[int]] = {}
    for names in MONTHS.values():
        for number, name in enumerate(names.split(), 1):
            for end in range(3, len(name) + 1):
                meant.setdefault(name[:end], set()).add(number)
    return {name: next(iter(of)) for name, of in meant.items() if len(of) == 1} | SHORT
