"""What loading, saving and the Hugging Face hub say."""

from course_utils.texts import Bilingual

from .entry import DEPENDS, NO, YES, Entry

ENTRIES = (
    Entry(
        "weights-missing",
        "LOAD REPORT: score.weight | MISSING",
        r"\| *MISSING *\|",
        DEPENDS,
        Bilingual(
            "The checkpoint has no weights of this name, so they are random now. For a new head (`score.weight` of a "
            "classifier) that is as it should be, until you train it. For a GPT-2 layer, or for `lm_head.weight`, it "
            "is an error: the outputs are noise.",
            "檢查點裡沒有這個名稱的權重，所以現在是隨機的。新的輸出層（例如分類器的 `score.weight`）本來就該這樣，"
            "訓練之後才有用。但如果是 GPT-2 的某一層，或是 `lm_head.weight`，那就有問題：輸出只是雜訊。",
        ),
        Bilingual(
            "New head: train it. Otherwise load with the config of the checkpoint itself, and leave out arguments "
            "such as `n_layer` or `tie_word_embeddings`.",
            "新的輸出層：訓練它。其他情況：使用檢查點自己的設定，不要給 `n_layer`、`tie_word_embeddings` 這類引數。",
        ),
        "model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)",
    ),
    Entry(
        "weights-unexpected",
        "LOAD REPORT: transformer.h.11.ln_1.bias | UNEXPECTED",
        r"\| *UNEXPECTED *\|",
        DEPENDS,
        Bilingual(
            "The checkpoint has weights that this class has no place for, and they were left out. Another head's "
            "weights: no harm. Whole layers (`h.…`): the model is smaller than the checkpoint, and its outputs are "
            "wrong.",
            "檢查點裡有些權重在這個類別中沒有位置，因此沒有載入。如果是另一種輸出層的權重，沒有關係；"
            "如果是整層的權重（`h.…`），代表模型比檢查點小，輸出會是錯的。",
        ),
        Bilingual(
            "Load with the config of the checkpoint itself.",
            "使用檢查點自己的設定來載入。",
        ),
        "print(GPT2Config.from_pretrained(CHECKPOINT))",
    ),
    Entry(
        "weights-of-another-size",
        "You set `ignore_mismatched_sizes` to `False`, thus raising an error.",
        r"You set `ignore_mismatched_sizes` to `False`|\| *MISMATCH *\|",
        YES,
        Bilingual(
            "Weights of the checkpoint have another shape than those of the model that is to take them: a size in "
            "the config (`n_positions`, `n_embd`, `vocab_size`, `num_labels`) was changed, or config.json is not there "
            "and the sizes of the 124M GPT-2 were taken. The table above the error names the weights.",
            "檢查點的權重和模型的形狀不同：設定裡有個大小被改過（`n_positions`、`n_embd`、`vocab_size`、"
            "`num_labels`），或是沒有 config.json，於是採用了 124M GPT-2 的大小。錯誤上方的表格列出是哪些權重。",
        ),
        Bilingual(
            "Leave the size as it is. Only to give a classifier another number of classes, ignore it: those weights "
            "start at random.",
            "不要改大小。只有想替分類器換類別數時才忽略它：那些權重會從隨機值開始。",
        ),
        "GPT2ForSequenceClassification.from_pretrained(CHECKPOINT, num_labels=3, ignore_mismatched_sizes=True)",
        ("RuntimeError",),
    ),
    Entry(
        "tensors-share-memory",
        "Some tensors share memory, this will lead to duplicate memory on disk",
        r"Some tensors share memory, this will lead to duplicate memory on disk",
        YES,
        Bilingual(
            "`lm_head.weight` and `wte.weight` are one tensor under two names (weight tying), and safetensors refuses "
            "to write it twice. Nothing was saved.",
            "`lm_head.weight` 和 `wte.weight` 是同一個張量的兩個名稱（權重綁定），safetensors 拒絕寫入兩次。"
            "什麼都沒有存下來。",
        ),
        Bilingual(
            "Let the model save itself: it knows about the tie.",
            "讓模型自己儲存：它知道有綁定。",
        ),
        "model.save_pretrained(folder)",
        ("RuntimeError",),
    ),
    Entry(
        "not-in-the-cache",
        "We couldn't connect to 'https://huggingface.co' to load the files",
        r"We couldn't connect to '[^']{1,200}' to load the files"
        r"|Cannot find the requested files in the disk cache and outgoing traffic has been disabled",
        YES,
        Bilingual(
            "The model is not in the local cache, and the Hugging Face hub cannot be reached: there is no network, a "
            "proxy refuses, or `HF_HUB_OFFLINE=1` is set.",
            "模型不在本機快取裡，又連不上 Hugging Face hub：可能沒有網路、被代理伺服器拒絕，"
            "或設定了 `HF_HUB_OFFLINE=1`。",
        ),
        Bilingual(
            "Connect (and unset `HF_HUB_OFFLINE`), then run this again; or take the bundled model, which needs no "
            "network.",
            "連上網路（並取消 `HF_HUB_OFFLINE`）再執行一次；或使用附帶的模型，它不需要網路。",
        ),
        'from course_utils import checkpoint\nmodel = GPT2LMHeadModel.from_pretrained(checkpoint("bundled"))',
        ("OSError", "LocalEntryNotFoundError"),
    ),
    Entry(
        "name-not-valid",
        "Repo id must use alphanumeric chars, '-', '_' or '.'.",
        r"Repo id must (?:use alphanumeric chars|be in the form|be a string)|Cannot have -- or \.\. in repo_id",
        YES,
        Bilingual(
            "This is neither a folder that exists nor a possible name on the Hugging Face hub. Mostly it is the path "
            "of a folder that is not there, seen from where the notebook runs.",
            "這既不是存在的資料夾，也不可能是 Hugging Face hub 上的名稱。多半是資料夾的路徑寫錯，"
            "或從 notebook 執行的位置看不到它。",
        ),
        Bilingual(
            "Look from where you are, and give an existing folder or a name such as `gpt2`.",
            "先看看目前在哪個資料夾，再給一個存在的資料夾，或像 `gpt2` 這樣的名稱。",
        ),
        "from pathlib import Path\nprint(Path.cwd(), Path(folder).is_dir())",
        ("OSError", "HFValidationError"),
    ),
    Entry(
        "no-such-model",
        "gtp2 is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'",
        r"is not a local folder and is not a valid model identifier",
        YES,
        Bilingual(
            "The hub has no model of this name (and there is no folder of this name here), or it is private.",
            "hub 上沒有這個名稱的模型（這裡也沒有這個名稱的資料夾），或者它不公開。",
        ),
        Bilingual(
            "Check the spelling: `gpt2`, not `gtp2`. For a private model, log in.",
            "檢查拼字：是 `gpt2`，不是 `gtp2`。不公開的模型需要登入。",
        ),
        'GPT2LMHeadModel.from_pretrained("gpt2")',
        ("OSError", "RepositoryNotFoundError"),
    ),
    Entry(
        "requests-without-login",
        "You are sending unauthenticated requests to the HF Hub.",
        r"unauthenticated requests to the HF Hub",
        NO,
        Bilingual(
            "You are not logged in to the Hugging Face hub. GPT-2 is free for all, so the download works; only the "
            "limits are lower.",
            "你沒有登入 Hugging Face hub。GPT-2 人人可用，下載不受影響，只是下載的限額比較低。",
        ),
        Bilingual(
            "Nothing. Who downloads much logs in once.",
            "不必處理。經常下載的人，登入一次就好。",
        ),
        "hf auth login",
    ),
    Entry(
        "no-weights-in-the-folder",
        "Error no file named model.safetensors, or pytorch_model.bin, found in directory",
        r"Error no file named model\.safetensors"
        r"|does not appear to have a file named (?:pytorch_model\.bin|model\.safetensors)",
        YES,
        Bilingual(
            "The folder holds no weights. Perhaps it is the folder above the right one, or only the tokenizer was "
            "saved there.",
            "這個資料夾裡沒有權重。可能給成了上一層的資料夾，或那裡只存了 tokenizer。",
        ),
        Bilingual(
            "Give the folder that `save_pretrained` wrote.",
            "給 `save_pretrained` 寫出的那個資料夾。",
        ),
        "model.save_pretrained(folder)\ntokenizer.save_pretrained(folder)",
        ("OSError",),
    ),
    Entry(
        "config-without-model-type",
        "Unrecognized model in ... Should have a `model_type` key in its config.json.",
        r"Unrecognized model in .{1,300}?Should have a `model_type` key",
        YES,
        Bilingual(
            "`AutoModel` reads in config.json which class to take, and there is no config.json, or none that says so. "
            "(A class of your own choice would say nothing and take the sizes of the 124M GPT-2.)",
            "`AutoModel` 要從 config.json 得知該用哪個類別，但這裡沒有 config.json，或裡面沒有寫。"
            "（自己指定類別的話，它不會出聲，而是直接採用 124M GPT-2 的大小。）",
        ),
        Bilingual(
            "Give the folder that `save_pretrained` wrote.",
            "給 `save_pretrained` 寫出的那個資料夾。",
        ),
        "model.save_pretrained(folder)\nmodel = AutoModel.from_pretrained(folder)",
        ("ValueError",),
    ),
    Entry(
        "config-not-json",
        "It looks like the config file at '...' is not a valid JSON file.",
        r"It looks like the config file at .{1,400}? is not a valid JSON file",
        YES,
        Bilingual(
            "config.json is damaged: cut off while it was written, or edited by hand.",
            "config.json 壞了：可能寫到一半中斷，或用手改壞了。",
        ),
        Bilingual(
            "Save or download the checkpoint again.",
            "重新儲存或下載檢查點。",
        ),
        "model.save_pretrained(folder)",
        ("OSError",),
    ),
    Entry(
        "weights-damaged",
        "Error while deserializing header: incomplete metadata, file not fully covered",
        r"Error while deserializing header",
        YES,
        Bilingual(
            "The safetensors file is not whole: a download broke off, or Git LFS left its pointer in the place of "
            "the weights.",
            "safetensors 檔案不完整：下載中斷了，或 Git LFS 只留下指標，沒有真正的權重。",
        ),
        Bilingual(
            "Delete the file and fetch it again (`git lfs pull` in a clone).",
            "刪除檔案再重新下載（如果是 clone 來的，執行 `git lfs pull`）。",
        ),
        'model = GPT2LMHeadModel.from_pretrained("gpt2", force_download=True)',
        ("SafetensorError",),
    ),
    Entry(
        "state-dict-does-not-fit",
        "Error(s) in loading state_dict for GPT2LMHeadModel: Missing key(s) in state_dict",
        r"Error\(s\) in loading state_dict for",
        YES,
        Bilingual(
            "Names or shapes of the weights differ. Between `GPT2Model` and `GPT2LMHeadModel` it is the prefix "
            "`transformer.`, which only the latter has.",
            "權重的名稱或形狀對不上。`GPT2Model` 和 `GPT2LMHeadModel` 之間差的是前綴 `transformer.`，只有後者才有。",
        ),
        Bilingual(
            "Load into the base inside (lesson 04). Do not reach for `strict=False`: it may load nothing at all, "
            "silently.",
            "載入到裡面的基礎模型（第 04 課）。不要改用 `strict=False`：它可能什麼都沒載入，也不出聲。",
        ),
        "lm.transformer.load_state_dict(base.state_dict())",
        ("RuntimeError",),
    ),
    Entry(
        "pickle-refused",
        "Weights only load failed. This file can still be loaded",
        r"Weights only load failed",
        YES,
        Bilingual(
            "The file holds Python objects and not just tensors. Loading such a file can run code, so torch refuses.",
            "這個檔案裡有 Python 物件，不只是張量。載入這種檔案可能會執行程式碼，所以 torch 拒絕。",
        ),
        Bilingual(
            "Save weights, not models: `save_pretrained`. Say `weights_only=False` only for a file of your own.",
            "請儲存權重，不要儲存整個模型物件：用 `save_pretrained`。只有你自己產生的檔案才加上 `weights_only=False`。",
        ),
        "model.save_pretrained(folder)",
        ("UnpicklingError",),
    ),
    Entry(
        "another-kind-of-model",
        "You are using a model of type `bert` to instantiate a model of type `gpt2`.",
        r"You are using a model of type `?\w+`? to instantiate a model of type",
        YES,
        Bilingual(
            "The checkpoint belongs to another architecture. Whatever is loaded from it, GPT-2 does not work with it.",
            "這個檢查點屬於另一種架構。不管載入了什麼，GPT-2 都用不了。",
        ),
        Bilingual(
            "Take a GPT-2 checkpoint, or let `AutoModel` choose the class.",
            "換成 GPT-2 的檢查點，或讓 `AutoModel` 選擇類別。",
        ),
        "model = AutoModel.from_pretrained(name)",
    ),
    Entry(
        "config-expected",
        "Parameter config in `GPT2LMHeadModel(config)` should be an instance of class `PreTrainedConfig`.",
        r"Parameter config in `\w{1,80}\(config\)` should be an instance of class",
        YES,
        Bilingual(
            "The class was called with a name, a folder or another model. `GPT2LMHeadModel(config)` builds a new "
            "model with random weights and wants a config.",
            "你呼叫類別時給了名稱、資料夾或另一個模型。`GPT2LMHeadModel(config)` 是用來建立權重隨機的新模型，"
            "要的是設定。",
        ),
        Bilingual(
            "To load weights, use `from_pretrained`; to put a head on a base model, see lesson 04.",
            "要載入權重，請用 `from_pretrained`；要替基礎模型裝上 LM head，見第 04 課。",
        ),
        "model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)",
        ("TypeError",),
    ),
    Entry(
        "name-left-the-library",
        "cannot import name 'AdamW' from 'transformers'",
        r"cannot import name '\w{1,80}' from 'transformers",
        YES,
        Bilingual(
            "transformers 5 has no such name. Gone are, among others, `AdamW`, `AutoModelWithLMHead`, `TextDataset`, "
            "and everything that begins with `TF` or `Flax`.",
            "transformers 5 沒有這個名稱。已經移除的有 `AdamW`、`AutoModelWithLMHead`、`TextDataset`，"
            "以及所有以 `TF` 或 `Flax` 開頭的類別。",
        ),
        Bilingual(
            "Use what has taken its place.",
            "改用取代它的東西。",
        ),
        "from torch.optim import AdamW\nfrom transformers import AutoModelForCausalLM, GPT2LMHeadModel",
        ("ImportError",),
    ),
    Entry(
        "task-left-the-library",
        "The task text2text-generation has been removed from transformers.",
        r"The task \S{1,60} has been removed from transformers",
        YES,
        Bilingual(
            "This pipeline is no longer part of transformers.",
            "這種 pipeline 已經不在 transformers 裡。",
        ),
        Bilingual(
            "For GPT-2 it is `text-generation`.",
            "GPT-2 用的是 `text-generation`。",
        ),
        'pipeline("text-generation", model=model, tokenizer=tokenizer)',
        ("KeyError",),
    ),
    Entry(
        "argument-of-another-time",
        "GPT2Model.__init__() got an unexpected keyword argument 'load_in_8bit'",
        r"GPT2\w{1,40}\.__init__\(\) got an unexpected keyword argument",
        YES,
        Bilingual(
            "`from_pretrained` does not know this argument (any more) and passed it on to the class, which does not "
            "know it either.",
            "`from_pretrained` 不認得（或不再認得）這個引數，就把它轉給類別，而類別也不認得。",
        ),
        Bilingual(
            "Check the spelling, or leave it out. Of the old ones: `use_auth_token` is `token` now, `load_in_8bit` "
            "is part of `quantization_config`.",
            "檢查拼字，或拿掉它。舊的寫法裡，`use_auth_token` 現在是 `token`，`load_in_8bit` 則放進 "
            "`quantization_config`。",
        ),
        "GPT2Model.from_pretrained(CHECKPOINT, dtype=torch.float32)",
        ("TypeError",),
    ),
    Entry(
        "torchvision-not-needed",
        "`ViTImageProcessor` requires torchvision (not installed); falling back to `ViTImageProcessorPil`",
        r"`\w{1,80}` requires torchvision \(not installed\)",
        NO,
        Bilingual(
            "Something imported a tool for pictures, mostly `from transformers import *`, which imports everything "
            "there is. GPT-2 needs none of it.",
            "有程式匯入了處理圖片的工具，多半是 `from transformers import *`，它會匯入所有東西。GPT-2 完全用不到。",
        ),
        Bilingual(
            "Import by name only what you use: it is faster, too.",
            "只匯入你要用的名稱，速度也快得多。",
        ),
        "from transformers import AutoTokenizer, GPT2LMHeadModel",
    ),
    Entry(
        "flash-attention-not-installed",
        "FlashAttention2 has been toggled on, but it cannot be used",
        r"FlashAttention\d? ?has been toggled on, but it cannot be used",
        YES,
        Bilingual(
            "FlashAttention is a package of its own, and needs a GPU.",
            "FlashAttention 是另外的套件，而且需要 GPU。",
        ),
        Bilingual(
            "Leave the argument out: the default, SDPA, is fast and runs everywhere.",
            "拿掉這個引數：預設的 SDPA 夠快，而且到處都能執行。",
        ),
        "model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)",
        ("ImportError",),
    ),
)
