"""What Python, Jupyter, matplotlib and the course itself say."""

from ..texts import Bilingual
from .entry import DEPENDS, NO, YES, Entry

ENTRIES = (
    Entry(
        slug="blank-left-open",
        sign="name '____' is not defined",
        pattern=r"name '_{2,}' is not defined|There is still a ____ in this cell",
        matters=YES,
        meaning=Bilingual(
            "`____` marks a blank of an exercise, and one is still open.",
            "`____` 是練習裡的空格，還有空格沒有填。",
        ),
        remedy=Bilingual(
            "Put your own code in its place, and run the cell that opens the exercises first.",
            "把空格換成你自己的程式碼；練習開頭的儲存格也要先執行。",
        ),
        kinds=("NameError", "CourseError"),
    ),
    Entry(
        slug="name-not-defined",
        sign="name 'model' is not defined",
        pattern=r"name '(?!_+')\w{1,100}' is not defined",
        matters=YES,
        meaning=Bilingual(
            "This kernel has not met the name: the cell that makes it has not been run since the kernel started, or "
            "the name is spelt differently.",
            "這個 kernel 還不認得這個名稱。可能是 kernel 啟動之後，還沒有執行定義它的儲存格，也可能是名稱拼錯了。",
        ),
        remedy=Bilingual(
            "Run the cells above, from the top (in the menu, Run → Run All Above Selected Cell).",
            "從頭執行上面的儲存格（選單的 Run → Run All Above Selected Cell）。",
        ),
        kinds=("NameError",),
    ),
    Entry(
        slug="package-not-in-this-kernel",
        sign="No module named 'transformers'",
        pattern=r"No module named '?[\w.]{1,100}",
        matters=YES,
        meaning=Bilingual(
            "The Python that runs this notebook does not have the package. Often it is installed, but in another "
            "environment: the notebook has the wrong kernel.",
            "執行這份 notebook 的 Python 沒有這個套件。常見的情況是套件裝在另一個環境，而 notebook 選錯了 kernel。",
        ),
        remedy=Bilingual(
            "See which Python this is; choose the course's kernel, or install into this one with `%pip`.",
            "看看用的是哪一個 Python；選擇課程的 kernel，或用 `%pip` 安裝到這個環境。",
        ),
        code="import sys\nprint(sys.executable)",
        kinds=("ModuleNotFoundError",),
    ),
    Entry(
        slug="widget-model-not-found",
        sign="Error displaying widget: model not found",
        pattern=r"Error displaying widget(?:: model not found)?",
        matters=NO,
        meaning=Bilingual(
            "The page still shows a widget whose kernel is gone: the notebook was opened again, or the kernel restarted.",
            "頁面上還留著一個小工具，它的 kernel 已經不在了：notebook 重新打開過，或 kernel 重新啟動過。",
        ),
        remedy=Bilingual(
            "Run the cells from the top, and it comes back.",
            "從頭執行儲存格，它就會回來。",
        ),
    ),
    Entry(
        slug="kernel-without-encryption",
        sign="Kernel is running over TCP without encryption.",
        pattern=r"Kernel is running over TCP without encryption",
        matters=DEPENDS,
        meaning=Bilingual(
            "What goes to and from the kernel stays on this machine and is not encrypted. Alone on your computer that "
            "harms nothing; where several people have accounts on one machine, another of them could read along.",
            "和 kernel 往來的內容不會離開這台機器，但沒有加密。如果電腦只有你自己用，就沒有影響；如果好幾個人在同一台機器上有帳號，"
            "別人就可能讀得到。",
        ),
        remedy=Bilingual(
            "On your own computer, nothing. On a shared one, open the course with encryption.",
            "自己的電腦不必處理；在共用的機器上，請用加密的方式開啟課程。",
        ),
        code="python -m course_utils lab -- --KernelManager.transport_encryption=auto",
    ),
    Entry(
        slug="font-without-this-character",
        sign="Glyph 35987 (\\N{CJK UNIFIED IDEOGRAPH-8C93}) missing from font(s) DejaVu Sans.",
        pattern=r"Glyph \d+ \(.{1,80}?\) missing from (?:current )?font",
        matters=DEPENDS,
        meaning=Bilingual(
            "matplotlib's font has no such character and draws a box. The numbers in the figure are right; the "
            "Chinese labels cannot be read.",
            "matplotlib 的字型沒有這個字，所以畫成方框。圖裡的數值是對的，但中文標籤看不懂。",
        ),
        remedy=Bilingual(
            "Use the font of the course before you draw.",
            "畫圖之前，先使用課程附的字型。",
        ),
        code='from course_utils.show.fonts import families\nplt.rcParams["font.family"] = list(families())',
    ),
    Entry(
        slug="font-not-found",
        sign="findfont: Font family 'Noto Sans TC' not found.",
        pattern=r"findfont: Font family .{1,100}? not found",
        matters=DEPENDS,
        meaning=Bilingual(
            "The font that was asked for is not on this machine, and matplotlib takes another. Latin letters are "
            "fine; Chinese becomes boxes.",
            "這台機器沒有指定的字型，matplotlib 改用別的。英文字母沒問題，中文會變成方框。",
        ),
        remedy=Bilingual(
            "Use the font of the course before you draw.",
            "畫圖之前，先使用課程附的字型。",
        ),
        code='from course_utils.show.fonts import families\nplt.rcParams["font.family"] = list(families())',
    ),
    Entry(
        slug="too-many-figures",
        sign="More than 20 figures have been opened.",
        pattern=r"More than \d+ figures have been opened",
        matters=NO,
        meaning=Bilingual(
            "Figures made by `plt.figure` stay in memory until they are closed. The pictures are right.",
            "`plt.figure` 產生的圖會留在記憶體裡，直到關掉為止。圖本身沒有問題。",
        ),
        remedy=Bilingual(
            "Close them in loops.",
            "在迴圈裡把圖關掉。",
        ),
        code='plt.close("all")',
    ),
    Entry(
        slug="progress-bar-without-widgets",
        sign="IProgress not found. Please update jupyter and ipywidgets.",
        pattern=r"IProgress not found\. Please update jupyter and ipywidgets",
        matters=DEPENDS,
        meaning=Bilingual(
            "The kernel has no ipywidgets. `tqdm.auto` warns and writes its progress bar as text, and results are the "
            "same; `tqdm.notebook` stops with an error. The course's own widgets do not show either.",
            "這個 kernel 沒有 ipywidgets。`tqdm.auto` 會警告，改用文字顯示進度列，結果相同；"
            "`tqdm.notebook` 則會報錯而停下來。課程的小工具也不會出現。",
        ),
        remedy=Bilingual(
            "Choose the course's kernel, or install ipywidgets and restart the kernel.",
            "選擇課程的 kernel，或安裝 ipywidgets 再重新啟動 kernel。",
        ),
        code='%pip install "ipywidgets>=8.1"',
    ),
    Entry(
        slug="course-error",
        sign="CourseError: the course's own message",
        pattern=r"course_utils(?:\.\w+)+\.(?:CourseError|NotAStory)|^(?:CourseError|NotAStory):",
        matters=YES,
        meaning=Bilingual(
            "The course itself stopped here, and says in both languages what happened and what to do.",
            "這是課程主動停下來的，訊息用兩種語言說明發生了什麼事、該怎麼做。",
        ),
        remedy=Bilingual(
            "Follow the message. If that does not help, run the doctor.",
            "請照著訊息處理。如果沒有解決，就執行 doctor 來檢查。",
        ),
        code="python -m course_utils doctor",
        kinds=("CourseError",),
    ),
)
