"""What pages say in other languages than English: a catalogue a language (`de.po`, ...), read when it is first needed.

Models build their sentences in English, and numbers, notes and titles stay so inside; where something is shown
(`cxlab.present`, pictures, pages, slides, workbooks) `speech.said` finds in the catalogue the message that the sentence
was made from and puts its parts into the sentence of the reader's language. What the catalogue does not have is
counted: a report that is not whole in a language is refused and says what is missing. Customers' own words stay.
"""
